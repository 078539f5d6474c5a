# shellcheck shell=bash
# Errors of the kernel's arch/um that an OOM kill meets, mended in the source tree that is the working directory. Where a newer
# kernel no longer has the line, it stays as it is.

# A page fault that failed for memory leaves no page table entry to look at.
sed -i 's/^\tif (!pte_present(\*pte))$/\tif (pte == NULL || !pte_present(*pte))/' arch/um/kernel/skas/uaccess.c

# A fork that failed for memory leaves a tree of mappings that ends with a mark.
sed -i 's/^\tfor_each_vma(vmi, vma)$/\tfor_each_vma(vmi, vma) if (xa_is_zero(vma)) break; else/' arch/um/kernel/tlb.c
